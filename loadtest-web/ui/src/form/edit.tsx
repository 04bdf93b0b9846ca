import { useState } from "preact/hooks";
import { post, Refused } from "../api";
import { live } from "../live";
import type { FieldError } from "../types";
import { Messages, TextField } from "./fields";

/** Users and spawn rate of a run that goes on. */
export function EditForm({ close }: { close: () => void }) {
  const { run, offer } = live;
  const was = {
    users: String(run.target_users),
    rate: String((run.asked.spawn_rate === undefined ? offer?.defaults.spawn_rate : run.asked.spawn_rate) ?? ""),
  };
  const [users, setUsers] = useState(was.users);
  const [rate, setRate] = useState(was.rate);
  const [errors, setErrors] = useState<FieldError[]>([]);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event: Event) => {
    event.preventDefault();
    const wrong: FieldError[] = [];
    const read = (field: string, text: string) => {
      const number = Number(text.trim().replace(/,/g, ""));
      if (text.trim() === "" || !Number.isFinite(number)) wrong.push({ field, message: "A number, such as 20." });
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
