package chat.parley.problem;

import java.util.List;

/**
 * Ends the handling of a request with a problem answer. For bad input found at the edge; outcomes of a rule are values, not
 * exceptions.
 */
public final class ProblemException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Problem problem;

    /** Answers with {@code problem}. */
    public ProblemException(Problem problem) {
        // No stack trace: it is an answer, and an attacker must not make it cost more than a good request.
        super(problem.fault().code(), null, false, false);
        this.problem = problem;
    }

    /** Answers with a problem that needs no more words. */
    public ProblemException(Fault fault) {
        this(Problem.of(fault));
    }

    /** One field or parameter is at fault. */
    public static ProblemException field(String pointer, String code) {
        return new ProblemException(Problem.field(pointer, code));
    }

    /** Several fields are at fault. */
    public static ProblemException fields(Fault fault, List<Problem.FieldError> errors) {
        return new ProblemException(new Problem(fault, null, List.copyOf(errors)));
    }

    /** The answer. */
    public Problem problem() {
        return problem;
    }
}
