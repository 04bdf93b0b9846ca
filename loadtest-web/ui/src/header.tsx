import { useState } from "preact/hooks";
import { post } from "./api";
import { Dialog } from "./dialog";
import { EditForm } from "./form/edit";
import { StartForm } from "./form/start";
import { clock, count, percent, rate, time } from "./format";
import { goesOn, live } from "./live";
import { route } from "./route";
import { useStore } from "./store";
import { visible } from "./text";
import { theme } from "./theme";

/** What there is to know at one look, and what can be done. */
export function Header() {
  const { run, offer } = useStore(live);
  const hasRun = run.run > 0;
  const { total } = run;
  return (
    <header class="top">
      <div class="title">
        <h1>{offer?.name ?? "loadtest"}</h1>
        <p class="host">{visible(run.host ?? offer?.defaults.host ?? (hasRun ? "hosts of the classes" : ""))}</p>
      </div>
      <Actions />
      {hasRun && (
        <dl class="figures" aria-label="The run">
          <Figure name={`Run ${count(run.run)}`} value={<State />} />
          <Figure name="Time" value={clock(run.elapsed)} />
          <Figure name="Users" value={count(run.users)} about={run.state !== "stopped" && run.target_users !== run.users ? `of ${count(run.target_users)}` : ""} />
          <Figure name="RPS" value={rate(run.state === "stopped" ? total.total_rps : total.rps)} />
          <Figure name="Failures" value={percent(total.fail_ratio)} isBad={total.failed > 0} />
          <Figure name="Median" value={time(total.p50)} />
          <Figure name="p95" value={time(total.p95)} />
        </dl>
      )}
    </header>
  );
}

function Figure({ name, value, about, isBad }: { name: string; value: preact.ComponentChildren; about?: string; isBad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={isBad ? "bad" : ""}>
        {value} {about && <small>{about}</small>}
      </dd>
    </div>
  );
}

function State() {
  const { run } = live;
  const text = run.spawning_paused && goesOn(run.state) ? "paused" : run.state;
  return <span class={`state state-${text.replace(" ", "-")}`}>{text}</span>;
}

function Actions() {
  const { run, offer } = useStore(live);
  useStore(theme);
  const [dialog, setDialog] = useState<"edit" | "start" | null>(null);
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const act = async (path: string, body: unknown = {}) => {
    setBusy(path);
    setProblem(null);
    try {
      await post(path, body);
    } catch (error) {
      setProblem((error as Error).message);
    }
    setBusy("");
  };
  const isOn = run.state === "spawning" || run.state === "running";
  return (
    <div class="buttons">
      {isOn && <button type="button" onClick={() => setDialog("edit")}>Edit</button>}
      {isOn && (run.state === "spawning" || run.spawning_paused) && (
        <button type="button" disabled={busy !== ""} onClick={() => void act("pause", { paused: !run.spawning_paused })}>
          {run.spawning_paused ? "Go on spawning" : "Pause spawning"}
        </button>
      )}
      {(isOn || run.state === "setting up" || run.state === "stopping") && (
        <button type="button" class="stop" disabled={busy !== "" || run.state === "stopping"} onClick={() => void act("stop")}>
          {run.state === "stopping" ? "Stopping …" : "Stop"}
        </button>
      )}
      {isOn && (
        <button type="button" disabled={busy !== ""} onClick={() => void act("reset")}>
          Reset
        </button>
      )}
      {run.state === "stopped" && (
        <button type="button" class="primary" disabled={!offer} onClick={() => setDialog("start")}>
          New run
        </button>
      )}
      <button type="button" class="quiet theme" title="Colours: as the system, light, dark" onClick={() => theme.next()}>
        Theme: {theme.theme}
      </button>
      {problem && <p class="wrong" role="alert">{problem}</p>}
      {dialog === "edit" && isOn && (
        <Dialog title="Edit the run" close={() => setDialog(null)}>
          <EditForm close={() => setDialog(null)} />
        </Dialog>
      )}
      {dialog === "start" && offer && (
        <Dialog title="New run" close={() => setDialog(null)}>
          <StartForm offer={offer} asked={run.asked} started={() => (setDialog(null), route.go("statistics"))} />
        </Dialog>
      )}
    </div>
  );
}
