import { goesOn, live } from "../live";
import { useStore } from "../store";
import { visible } from "../text";
import type { Threshold } from "../types";

const SIGN = { "met": "✓", "not met": "✗", "nothing matched": "?" };
const COLOR = { "met": "good", "not met": "bad", "nothing matched": "mixed" };

export function Thresholds() {
  const { run } = useStore(live);
  if (run.thresholds.length === 0) {
    return (
      <p class="empty">
        This run has no thresholds. They are given in the start form, with <code>--threshold</code> or in the code, such as <code>p95(GET /cart) &lt; 500ms</code>.
      </p>
    );
  }
  return (
    <>
      {goesOn(run.state) && <p class="note">As things stand: the verdict counts when the run has ended.</p>}
      <div class="scroll">
        <table aria-label="Thresholds">
          <thead>
            <tr>
              <th scope="col" class="t">Threshold</th>
              <th scope="col">Value</th>
              <th scope="col" class="t">Verdict</th>
              <th scope="col" class="t">In words</th>
            </tr>
          </thead>
          <tbody>
            {run.thresholds.map((threshold, index) => (
              <Line key={`${index} ${threshold.text}`} threshold={threshold} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Line({ threshold }: { threshold: Threshold }) {
  return (
    <tr>
      <th scope="row">
        <code>{visible(threshold.text)}</code>
      </th>
      <td>{visible(threshold.value)}</td>
      <td class="t">
        <span class={`verdict ${COLOR[threshold.verdict]}`}>
          {SIGN[threshold.verdict]} {threshold.verdict}
        </span>
        {threshold.aborted && <small> ended the run</small>}
      </td>
      <td class="t wide">{visible(threshold.sentence)}</td>
    </tr>
  );
}
