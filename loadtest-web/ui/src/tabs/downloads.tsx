import { useEffect, useState } from "preact/hooks";
import { get } from "../api";
import { live } from "../live";
import { usePolled } from "../poll";
import { useStore } from "../store";
import { visible } from "../text";
import type { Download, PastRun } from "../types";

/** A path of another host, or a script in place of one, is no download of ours. */
const isRelative = (path: string) => !/^[a-z][a-z0-9+.-]*:/i.test(path) && !path.startsWith("//");

export function Downloads() {
  const { run } = useStore(live);
  const { value: downloads, error } = usePolled<Download[]>("downloads", run.run);
  const [runs, setRuns] = useState<PastRun[]>([]);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    get<PastRun[]>("runs").then(setRuns, () => setRuns([]));
  }, [run.run, run.state]);
  if (error && !downloads) return <p class="empty bad">{error}</p>;
  if (run.run === 0 && runs.length === 0) return <p class="empty">There is something to download when a run has begun.</p>;
  const address = (path: string) => (chosen === "" ? path : `${path}${path.includes("?") ? "&" : "?"}run=${chosen}`);
  return (
    <>
      <div class="toolbar">
        <label class="inline">
          Of
          <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            <option value="">{run.state === "stopped" ? "the last run" : "the run as it stands"}</option>
            {[...runs].reverse().map((past) => (
              <option key={past.run} value={past.run}>
                {past.name === null ? `run ${past.run}` : `${past.run}: ${visible(past.name)}`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <ul class="downloads">
        {(downloads ?? []).filter(({ path }) => isRelative(path)).map(({ name, title, path }) => (
          <li key={path}>
            <a href={address(path)} download={name}>
              <b>{title}</b>
              <small>{name}</small>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
