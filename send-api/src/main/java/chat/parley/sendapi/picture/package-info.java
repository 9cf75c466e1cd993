/**
 * Pictures from strangers: their structure is read and copied part by part, so that only what shows the picture is kept and nothing is decoded
 * before its size is known; then smaller ones are made. Owns no data.
 */
@NullMarked
package chat.parley.sendapi.picture;

import org.jspecify.annotations.NullMarked;
