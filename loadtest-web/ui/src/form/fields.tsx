import type { ComponentChildren } from "preact";
import type { FieldError } from "../types";

/** The messages for a field: those of its own name and of names below it. */
export const messagesFor = (errors: FieldError[], field: string) => errors.filter((error) => error.field === field || error.field?.startsWith(`${field}.`)).map(({ message }) => message);

/** Leads to the first thing that is wrong, once it is drawn: it may be far from the button that was pressed. */
export const showWrong = (form: HTMLFormElement) =>
  requestAnimationFrame(() => {
    const first = form.querySelector<HTMLElement>("[aria-invalid=true], .wrong");
    first?.scrollIntoView({ block: "center" });
    first?.focus({ preventScroll: true });
  });

interface FieldProps {
  field: string;
  label: string;
  help?: ComponentChildren;
  errors: FieldError[];
  children: (attributes: { id: string; "aria-describedby": string; "aria-invalid": boolean }) => ComponentChildren;
}

/** A label, a field, its help and what is wrong with it. */
export function Field({ field, label, help, errors, children }: FieldProps) {
  const id = `field-${field}`;
  const messages = messagesFor(errors, field);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": `${id}-about`, "aria-invalid": messages.length > 0 })}
      <div id={`${id}-about`}>
        <Messages messages={messages} />
        {help && <small>{help}</small>}
      </div>
    </div>
  );
}

export function Messages({ messages }: { messages: string[] }) {
  return (
    <>
      {messages.map((message) => (
        <p key={message} class="wrong" role="alert" tabIndex={-1}>
          {message}
        </p>
      ))}
    </>
  );
}

interface TextProps extends Omit<FieldProps, "children"> {
  value: string;
  change: (value: string) => void;
  kind?: "text" | "url" | "password" | "decimal" | "numeric";
  placeholder?: string;
  required?: boolean;
  autofocus?: boolean;
}

export function TextField({ value, change, kind = "text", placeholder, required, autofocus, ...field }: TextProps) {
  return (
    <Field {...field}>
      {(attributes) => {
        const common = {
          ...attributes,
          spellcheck: false,
          autofocus: autofocus ?? false,
          "aria-required": required ?? false,
          placeholder: placeholder ?? "",
          value,
          onInput: (event: { currentTarget: HTMLInputElement }) => change(event.currentTarget.value),
        };
        if (kind === "password") return <input type="password" autoComplete="new-password" {...common} />;
        return <input type="text" autoComplete="off" inputMode={kind} {...common} />;
      }}
    </Field>
  );
}

interface ChipsProps {
  legend: string;
  all: string[];
  chosen: string[];
  choose: (chosen: string[]) => void;
  messages: string[];
}

/** Some of a few words. */
export function Chips({ legend, all, chosen, choose, messages }: ChipsProps) {
  const toggle = (word: string) => choose(chosen.includes(word) ? chosen.filter((each) => each !== word) : all.filter((each) => each === word || chosen.includes(each)));
  return (
    <fieldset class="chips">
      <legend>{legend}</legend>
      {all.map((word) => (
        <label key={word} class="check">
          <input type="checkbox" checked={chosen.includes(word)} onChange={() => toggle(word)} />
          {word}
        </label>
      ))}
      <Messages messages={messages} />
    </fieldset>
  );
}
