import { bytes, count, percent } from "../format";
import { live } from "../live";
import { usePolled } from "../poll";
import { useStore } from "../store";
import type { Worker } from "../types";

export function Workers() {
  useStore(live);
  const { value: workers, error } = usePolled<Worker[]>("workers", live.turn);
  if (error && !workers) return <p class="empty bad">{error}</p>;
  if (!workers) return <p class="empty">…</p>;
  return (
    <>
      <p class="note">All users run in this process, on one thread for each core or as many as --threads says.</p>
      {workers.length === 0 ? (
        <p class="empty">Threads begin with a run.</p>
      ) : (
        <div class="scroll">
          <table aria-label="Workers">
            <thead>
              <tr>
                <th scope="col" class="t">Worker</th>
                <th scope="col" class="t">State</th>
                <th scope="col">Users</th>
                <th scope="col">Processor</th>
                <th scope="col">Memory</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <tr key={worker.id}>
                  <th scope="row">{worker.id}</th>
                  <td class="t">{worker.state}</td>
                  <td>{count(worker.users)}</td>
                  <td>{percent(worker.cpu)}</td>
                  <td>{bytes(worker.memory)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}
