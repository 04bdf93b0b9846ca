import type { FieldError, OfferedOption, OptionValue } from "../types";
import { Chips, Field, Messages, messagesFor, TextField } from "./fields";

interface Props {
  options: OfferedOption[];
  draft: Record<string, OptionValue>;
  change: (name: string, value: OptionValue) => void;
  errors: FieldError[];
}

/** The test's own options, each by its kind. */
export function Options({ options, draft, change, errors }: Props) {
  return (
    <fieldset class="part">
      <legend>Options of the test</legend>
      <div class="fields">
        {options.map((option) => (
          <Option key={option.name} option={option} value={draft[option.name] ?? ""} change={(value) => change(option.name, value)} errors={errors} />
        ))}
      </div>
    </fieldset>
  );
}

function Option({ option, value, change, errors }: { option: OfferedOption; value: OptionValue; change: (value: OptionValue) => void; errors: FieldError[] }) {
  const { name, help, secret, required, multiple, is_switch, choices } = option;
  const field = `options.${name}`;
  const label = required ? `${name} *` : name;
  const common = { field, label, help, errors };
  if (is_switch) {
    return (
      <div class="field">
        <label class="check">
          <input type="checkbox" checked={value === true} onChange={() => change(value !== true)} />
          {name}
        </label>
        <small>{help}</small>
        <Messages messages={messagesFor(errors, field)} />
      </div>
    );
  }
  const many = Array.isArray(value) ? value : [];
  if (choices.length > 0 && multiple) {
    return <Chips legend={help ? `${label}: ${help}` : label} all={choices} chosen={many} choose={change} messages={messagesFor(errors, field)} />;
  }
  if (choices.length > 0) {
    return (
      <Field {...common}>
        {(attributes) => (
          <select {...attributes} value={String(value)} onChange={(event) => change(event.currentTarget.value)}>
            {!required && !choices.includes("") && <option value="">–</option>}
            {choices.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
          </select>
        )}
      </Field>
    );
  }
  if (multiple) {
    return (
      <Field {...common} help={help ? `${help} One per line.` : "One per line."}>
        {(attributes) => (
          <textarea {...attributes} rows={2} spellcheck={false} value={many.join("\n")} onInput={(event) => change(event.currentTarget.value === "" ? [] : event.currentTarget.value.split("\n"))} />
        )}
      </Field>
    );
  }
  return (
    <TextField {...common} kind={secret ? "password" : "text"} required={required} placeholder={secret ? "as given to the program" : ""} value={String(value)} change={change} />
  );
}
