import { useState } from "preact/hooks";
import { post, Refused } from "../api";
import { live } from "../live";
import type { FieldError } from "../types";
import { Messages, showWrong, TextField } from "./fields";
import { numberOf } from "./number";

/** Users and spawn rate of a run that goes on. */
export function EditForm({ close }: { close: () => void }) {
  // As it was when the dialog was opened: what another page changes meanwhile stays so, unless it is changed here too.
  const [was] = useState(() => {
    const { run, offer } = live;
    const rate = run.asked.spawn_rate === undefined ? offer?.defaults.spawn_rate : run.asked.spawn_rate;
    return { users: String(run.target_users), rate: String(rate ?? "") };
  });
  const [users, setUsers] = useState(was.users);
  const [rate, setRate] = useState(was.rate);
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const wrong: FieldError[] = [];
    const read = (field: string, text: string) => {
      const number = numberOf(text);
      if (!Number.isFinite(number)) wrong.push({ field, message: "Write a number, such as 20." });
      return number;
    };
    const edit: { users?: number; spawn_rate?: number | null } = {};
    if (users !== was.users) edit.users = read("users", users);
    if (rate !== was.rate) edit.spawn_rate = rate.trim() === "" ? null : read("spawn_rate", rate);
    if (wrong.length === 0) {
      setBusy(true);
      try {
        if (Object.keys(edit).length > 0) await post("edit", edit);
        close();
        return;
      } catch (error) {
        wrong.push(...(error instanceof Refused ? error.errors : [{ field: null, message: String(error) }]));
      }
      setBusy(false);
    }
    setErrors(wrong);
    showWrong(form);
  };

  return (
    <form class="edit" onSubmit={(event) => void submit(event)} noValidate>
      <Messages messages={errors.filter(({ field }) => field !== "users" && field !== "spawn_rate").map(({ message }) => message)} />
      <div class="fields short">
        <TextField errors={errors} field="users" label="Number of users" help="0: the run goes on without users." kind="numeric" autofocus value={users} change={setUsers} />
        <TextField errors={errors} field="spawn_rate" label="Spawn rate" help="Users started or stopped per second. Empty: all at once." kind="decimal" value={rate} change={setRate} />
      </div>
      <footer class="actions">
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={isBusy}>
          Update
        </button>
      </footer>
    </form>
  );
}
