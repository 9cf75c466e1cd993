/**
 * The answers to bad input and to failures: RFC 9457 problems with permanent codes, the same from every process.
 */
@NullMarked
package chat.parley.problem;

import org.jspecify.annotations.NullMarked;
