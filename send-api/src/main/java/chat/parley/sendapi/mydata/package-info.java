/**
 * What a person may ask for as the owner of their data: all of it in one download, and that nothing of it stays. Each owner of data contributes one
 * {@code ExportPart} and one {@code ErasureStep}.
 */
@NullMarked
package chat.parley.sendapi.mydata;

import org.jspecify.annotations.NullMarked;
