/**
 * Draws once for many changes: a stream that catches up brings thousands of messages in one go. A hidden page gets no
 * animation frames, so a timer stands in for them; the title still has to count.
 */
const WITHOUT_FRAMES_MS = 250;

/** A function that runs `work` soon, once for all calls until then. Its `cancel` forgets a run that is due. */
export function coalesced(work) {
  let frame = 0;
  let timer = 0;

  function run() {
    soon.cancel();
    work();
  }

  function soon() {
    if (timer) return;
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, WITHOUT_FRAMES_MS);
  }

  soon.cancel = () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    timer = 0;
  };
  return soon;
}
