import { count, dateAndTime, NONE, timeOfDay } from "../format";
import { live } from "../live";
import { usePolled } from "../poll";
import { useStore } from "../store";
import { visible } from "../text";
import type { Exception } from "../types";

export function Exceptions() {
  useStore(live);
  const { value: exceptions, error } = usePolled<Exception[]>("exceptions", live.turn);
  if (error && !exceptions) return <p class="empty bad">{error}</p>;
  if (!exceptions) return <p class="empty">…</p>;
  if (exceptions.length === 0) return <p class="empty good">No task has panicked or returned an error.</p>;
  return (
    <div class="scroll">
      <table aria-label="Exceptions">
        <thead>
          <tr>
            <th scope="col" class="t">Message</th>
            <th scope="col">Times</th>
            <th scope="col" class="t">Task</th>
            <th scope="col" class="t">Place</th>
            <th scope="col">First seen</th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {exceptions.map((exception) => (
            <tr key={`${exception.class}\n${exception.task}\n${exception.message}\n${exception.place}`}>
              <th scope="row" class="bad message">{visible(exception.message)}</th>
              <td>{count(exception.count)}</td>
              <td class="t">{visible([exception.class, exception.task].filter((part) => part !== "").join("::"))}</td>
              <td class="t">{exception.place === null ? NONE : visible(exception.place)}</td>
              <td title={dateAndTime(exception.first_seen)}>{timeOfDay(exception.first_seen)}</td>
              <td title={dateAndTime(exception.last_seen)}>{timeOfDay(exception.last_seen)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
