import { useMemo, useState } from "preact/hooks";
import { count, dateAndTime, of, percent, time, timeOfDay } from "../format";
import { live } from "../live";
import { usePolled } from "../poll";
import { useStore } from "../store";
import { matches, Search, wordsOf } from "../table/search";
import { visible } from "../text";
import type { Body, Failure, FailureSample } from "../types";

/** So many are drawn; the rest is found by searching. */
const MOST = 200;

export function Failures() {
  useStore(live);
  const { value: failures, error } = usePolled<Failure[]>("failures", live.turn);
  const [search, setSearch] = useState("");
  const found = useMemo(() => {
    const words = wordsOf(search);
    return (failures ?? []).filter(({ method, name, kind, error }) => matches(words, `${method} ${name} ${kind} ${error}`.toLowerCase()));
  }, [failures, search]);
  if (error && !failures) return <p class="empty bad">{error}</p>;
  if (!failures) return <p class="empty">…</p>;
  if (failures.length === 0) return <p class="empty good">No request has failed.</p>;
  const shown = found.slice(0, MOST);
  return (
    <>
      <div class="toolbar">
        <Search label="Search failures" value={search} change={setSearch} />
        <p class="note">
          {of(found.length, "kind of failure", "kinds of failure")}
          {shown.length < found.length && `, the first ${MOST}`}
        </p>
      </div>
      <div class="list">
        {shown.map((failure) => (
          <Group key={`${failure.method}\n${visible(failure.name)}\n${failure.kind}\n${failure.error}`} failure={failure} />
        ))}
      </div>
      {found.length === 0 && <p class="empty">No failure has these words.</p>}
    </>
  );
}

function Group({ failure }: { failure: Failure }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="row failure" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span class="n">{count(failure.count)}</span>
        <span>
          <span class="method">{visible(failure.method)} </span>
          {visible(failure.name)}
          <span class="error">{visible(failure.error)}</span>
          <small>{failure.kind}</small>
        </span>
        <small>
          {failure.share !== null && (
            <>
              {percent(failure.share)} of its requests
              <br />
            </>
          )}
          <span title={`${dateAndTime(failure.first_seen)} to ${dateAndTime(failure.last_seen)}`}>
            {timeOfDay(failure.first_seen)} to {timeOfDay(failure.last_seen)}
          </span>
        </small>
      </summary>
      {isOpen && failure.samples.length === 0 && <p class="note">No sample of it was kept.</p>}
      {isOpen && failure.samples.map((sample, index) => <Sample key={`${sample.at} ${index}`} sample={sample} />)}
    </details>
  );
}

function Sample({ sample }: { sample: FailureSample }) {
  const by = [sample.class, sample.task].filter((part) => part !== "").join("::");
  return (
    <section class="sample">
      <h4>
        {timeOfDay(sample.at)}
        <small>
          {" "}
          {visible(by)}
          {sample.user !== null && ` · user ${count(sample.user)}`} · took {time(sample.took)}
          {sample.phases.length > 0 && ` · ${sample.phases.map(({ phase, ms }) => `${phase} ${time(ms)}`).join(", ")}`}
        </small>
      </h4>
      {sample.details !== "" && <p class="details">{visible(sample.details)}</p>}
      {(sample.request !== null || sample.response !== null) && (
        <div class="exchange">
          {sample.request !== null && (
            <div>
              <h5>Request</h5>
              <pre>{visible(sample.request)}</pre>
              <Content what="Body of the request" body={sample.request_body} />
            </div>
          )}
          {sample.response !== null && (
            <div>
              <h5>Response{sample.status !== null && ` ${sample.status}`}</h5>
              <pre>{visible(sample.response)}</pre>
              <Content what="Body of the response" body={sample.response_body} />
            </div>
          )}
        </div>
      )}
    </section>
  );
}

function Content({ what, body }: { what: string; body: Body | null }) {
  if (!body || body.length === 0) return null;
  return (
    <>
      <h5>
        {what}, {of(body.length, "byte", "bytes")}
        {body.is_cut && ", cut"}
      </h5>
      <pre>{visible(body.text)}</pre>
    </>
  );
}
