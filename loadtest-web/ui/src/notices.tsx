import { timeOfDay } from "./format";
import { goesOn, live } from "./live";
import { useStore } from "./store";
import { visible } from "./text";

/** What one should know of the connection and the run, above all else. */
export function Notices() {
  const { run, goneSince } = useStore(live);
  return (
    <div class="notices">
      {goneSince && (
        <p class="gone" role="alert">
          {run.quitting
            ? "The program has ended. What is shown is the last that it said."
            : `The server has been gone since ${timeOfDay(goneSince.toISOString())}. What is shown is the last that it said; the page goes on by itself when it is back.`}
        </p>
      )}
      {run.problem && (
        <p class="gone" role="alert">
          {visible(run.problem)}
        </p>
      )}
      {run.run > 0 && !goesOn(run.state) && run.ended && <p class="ended">The run has ended: {visible(run.ended)}</p>}
      {run.warnings.length > 0 && (
        <ul class="warnings" aria-label="Warnings">
          {run.warnings.map((warning) => (
            <li key={warning}>{visible(warning)}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** For those who do not see the page: changes of state, and nothing else. */
export function Announcer() {
  const { run, goneSince } = useStore(live);
  const text = goneSince ? "The server is gone." : run.run === 0 ? "" : `Run ${run.run}: ${run.spawning_paused ? "spawning is paused" : run.state}. ${goesOn(run.state) ? "" : (run.ended ?? "")}`;
  return (
    <p class="unseen" role="status" aria-live="polite">
      {text}
    </p>
  );
}
