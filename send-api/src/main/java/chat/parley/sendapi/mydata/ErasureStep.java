package chat.parley.sendapi.mydata;

import chat.parley.account.Erasures.Erasure;

/**
 * One owner's part of an erasure: removes what it holds of a person who is erased. May be cut off anywhere and is then run again from the beginning, perhaps
 * by another process, perhaps by two at once. So it does small things, each whole in itself, and finds by looking what is still to be done.
 */
@FunctionalInterface
public interface ErasureStep {
    /**
     * Removes what there is now.
     *
     * @param pace called between one small thing and the next; throws where the process ends
     * @return false where something is still to be done by others: look again later
     * @throws chat.parley.ops.StoreUnavailable if a store is away
     */
    boolean run(Erasure erasure, Pace pace);

    /** Where a step may end. */
    @FunctionalInterface
    interface Pace {
        /** Returns if there is time for more. */
        void next();
    }
}
