import { useState } from "preact/hooks";
import { post, Refused } from "../api";
import type { Ask, FieldError, Offer } from "../types";
import { Classes } from "./classes";
import { askOf, draftOf, type Draft } from "./draft";
import { Chips, Field, Messages, messagesFor, showWrong, TextField } from "./fields";
import { Options } from "./options";

interface Props {
  offer: Offer;
  asked: Ask;
  started: () => void;
}

const KNOWN = /^(users|spawn_rate|run_time|host|classes|weights|fixed_counts|hosts|tags|exclude_tags|options\..+|thresholds|warm_up|stop_timeout|reset_stats)(\.|$)/;
const ADVANCED = ["tags", "exclude_tags", "warm_up", "stop_timeout", "reset_stats"];

/** All that a run can be asked for. */
export function StartForm({ offer, asked, started }: Props) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(offer, asked));
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [isBusy, setBusy] = useState(false);
  const set = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));

  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const read = askOf(draft, offer);
    let wrong = read.errors;
    if (wrong.length === 0) {
      setBusy(true);
      try {
        await post("start", read.ask);
        started();
      } catch (error) {
        wrong = error instanceof Refused ? error.errors : [{ field: null, message: String(error) }];
      }
      setBusy(false);
    }
    setErrors(wrong);
    if (wrong.length > 0) showWrong(form);
  };

  const elsewhere = errors.filter(({ field }) => field === null || !KNOWN.test(field)).map(({ message }) => message);
  const common = { errors };
  const own = offer.defaults.host;
  const needsHost = offer.host_required && !own;
  return (
    <form class="start" onSubmit={(event) => void submit(event)} noValidate>
      <Messages messages={elsewhere} />
      <div class="fields short">
        <TextField {...common} field="users" label="Number of users" help="At most at the same time." kind="numeric" autofocus value={draft.users} change={(users) => set({ users })} />
        <TextField {...common} field="spawn_rate" label="Spawn rate" help="Users started per second. Empty: all at once." kind="decimal" value={draft.spawn_rate} change={(spawn_rate) => set({ spawn_rate })} />
        <TextField
          {...common}
          field="host"
          label={needsHost ? "Host *" : "Host"}
          help={own ? `Empty: ${own}` : offer.host_required ? "Such as https://shop.example." : "Empty: each class has its own."}
          kind="url"
          required={needsHost}
          value={draft.host}
          change={(host) => set({ host })}
        />
        <TextField {...common} field="run_time" label="Run time" help="20s, 3m, 1h20m. Empty: until stopped." value={draft.run_time} change={(run_time) => set({ run_time })} />
      </div>
      <Classes classes={offer.classes} draft={draft.classes} change={(update) => setDraft((before) => ({ ...before, classes: update(before.classes) }))} errors={errors} />
      {offer.options.length > 0 && <Options options={offer.options} draft={draft.options} change={(name, value) => setDraft((before) => ({ ...before, options: { ...before.options, [name]: value } }))} errors={errors} />}
      <fieldset class="part">
        <legend>Thresholds</legend>
        <Field {...common} field="thresholds" label="One per line" help="Such as p95(GET /cart) < 500ms, or fail_ratio < 1% abort after 30s.">
          {(attributes) => (
            <textarea {...attributes} class="code" rows={Math.min(8, Math.max(2, draft.thresholds.split("\n").length))} spellcheck={false} value={draft.thresholds} onInput={(event) => set({ thresholds: event.currentTarget.value })} />
          )}
        </Field>
      </fieldset>
      <Advanced offer={offer} draft={draft} set={set} errors={errors} />
      <footer class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? "Starting …" : "Start"}
        </button>
      </footer>
    </form>
  );
}

function Advanced({ offer, draft, set, errors }: { offer: Offer; draft: Draft; set: (part: Partial<Draft>) => void; errors: FieldError[] }) {
  const [isOpen, setOpen] = useState(false);
  const hasError = errors.some(({ field }) => field !== null && ADVANCED.includes(field));
  const common = { errors };
  return (
    <details class="part" open={isOpen || hasError} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Advanced <small>{offer.tags.length > 0 ? "tags, warm-up, stopping, statistics" : "warm-up, stopping, statistics"}</small>
      </summary>
      {offer.tags.length > 0 && (
        <>
          <Chips legend="Only tasks with" all={offer.tags} chosen={draft.tags} choose={(tags) => set({ tags })} messages={messagesFor(errors, "tags")} />
          <Chips legend="No tasks with" all={offer.tags} chosen={draft.exclude_tags} choose={(exclude_tags) => set({ exclude_tags })} messages={messagesFor(errors, "exclude_tags")} />
        </>
      )}
      <div class="fields">
        <TextField {...common} field="warm_up" label="Warm-up" help="So long at the start is not counted. Empty: none." value={draft.warm_up} change={(warm_up) => set({ warm_up })} />
        <TextField {...common} field="stop_timeout" label="Stop timeout" help="So long a task may go on when its user is to stop." value={draft.stop_timeout} change={(stop_timeout) => set({ stop_timeout })} />
        <div class="field">
          <label class="check">
            <input type="checkbox" checked={draft.reset_stats} onChange={() => set({ reset_stats: !draft.reset_stats })} />
            Reset statistics when all users are there
          </label>
          <Messages messages={messagesFor(errors, "reset_stats")} />
        </div>
      </div>
    </details>
  );
}
