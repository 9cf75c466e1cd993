package chat.parley.sendapi.picture;

/** What became of a file that begins like a picture. */
public sealed interface CleaningOutcome {
    /** What shows the picture was written, and nothing else. */
    record Clean(CleanPicture picture) implements CleaningOutcome {}

    /** It is cut off or is not what it begins like. */
    record Damaged() implements CleaningOutcome {}

    /** More pixels than are taken. */
    record TooManyPixels() implements CleaningOutcome {}
}
