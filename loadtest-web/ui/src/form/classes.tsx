import { useState } from "preact/hooks";
import type { FieldError, OfferedClass } from "../types";
import type { ClassDraft, Draft } from "./draft";
import { Messages, messagesFor } from "./fields";

interface Props {
  classes: OfferedClass[];
  draft: Draft["classes"];
  /** To be applied to what stands there then: browsers can fill several fields at once. */
  change: (update: (before: Draft["classes"]) => Draft["classes"]) => void;
  errors: FieldError[];
}

/** Which user classes run, and in what shares. */
export function Classes({ classes, draft, change, errors }: Props) {
  const [isOpen, setOpen] = useState(true);
  const chosen = classes.filter(({ name }) => draft[name]?.on).length;
  const all = chosen === classes.length;
  const set = (name: string, part: Partial<ClassDraft>) => change((before) => ({ ...before, [name]: { ...before[name]!, ...part } }));
  const setAll = (on: boolean) => change((before) => Object.fromEntries(Object.entries(before).map(([name, each]) => [name, { ...each, on }])));
  const hasError = errors.some(({ field }) => /^(classes|weights|fixed_counts|hosts)(\.|$)/.test(field ?? ""));
  const wrong = ["classes", "weights", "fixed_counts", "hosts"].flatMap((field) => errors.filter((error) => error.field === field).map(({ message }) => message));
  return (
    <details class="part" open={isOpen || hasError} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        User classes <small>{all ? (classes.length === 1 ? "" : `all ${classes.length}`) : `${chosen} of ${classes.length}`}</small>
      </summary>
      <Messages messages={wrong} />
      <div class="scroll classes">
        <table aria-label="User classes">
          <thead>
            <tr>
              <th scope="col" class="t">
                <label class="check">
                  <input type="checkbox" checked={all} ref={(box) => { if (box) box.indeterminate = !all && chosen > 0; }} onChange={() => setAll(!all)} />
                  Class
                </label>
              </th>
              <th scope="col" class="t" title="Its share of the users that have no fixed number">Weight</th>
              <th scope="col" class="t" title="So many users, whatever the weights">Fixed number</th>
              <th scope="col" class="t">Host of its own</th>
            </tr>
          </thead>
          <tbody>
            {classes.map(({ name, host }) => (
              <ClassRow key={name} name={name} host={host} draft={draft[name]!} set={(part) => set(name, part)} errors={errors} />
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

interface RowProps {
  name: string;
  /** In its code: what an empty field means. */
  host: string | null;
  draft: ClassDraft;
  set: (part: Partial<ClassDraft>) => void;
  errors: FieldError[];
}

function ClassRow({ name, host, draft, set, errors }: RowProps) {
  const cell = (field: string, label: string, value: string, change: (value: string) => void, kind: "narrow" | "host", isOff: boolean) => {
    const messages = messagesFor(errors, `${field}.${name}`);
    const about = `about-${field}.${name}`;
    return (
      <td class="t">
        <input
          class={kind}
          type="text"
          inputMode={kind === "host" ? "url" : "decimal"}
          autoComplete="off"
          spellcheck={false}
          aria-label={`${label} of ${name}`}
          aria-invalid={messages.length > 0}
          aria-describedby={about}
          disabled={!draft.on || isOff}
          placeholder={kind === "host" ? (host ?? "as above") : "–"}
          value={value}
          onInput={(event) => change(event.currentTarget.value)}
        />
        <div id={about}>
          <Messages messages={messages} />
        </div>
      </td>
    );
  };
  return (
    <tr>
      <th scope="row">
        <label class="check">
          <input type="checkbox" checked={draft.on} onChange={() => set({ on: !draft.on })} />
          {name}
        </label>
      </th>
      {cell("weights", "Weight", draft.weight, (weight) => set({ weight }), "narrow", draft.fixed.trim() !== "")}
      {cell("fixed_counts", "Fixed number", draft.fixed, (fixed) => set({ fixed }), "narrow", false)}
      {cell("hosts", "Host", draft.host, (host) => set({ host }), "host", false)}
    </tr>
  );
}
