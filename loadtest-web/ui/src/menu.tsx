import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  title: string;
  /** How the summary looks. */
  look: "button" | "quiet";
  legend: string;
  children: ComponentChildren;
}

/** Choices that fold out over the page; Esc and a press elsewhere fold them in again. */
export function Menu({ title, look, legend, children }: Props) {
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const press = (event: Event) => {
      if (menu.current?.open && !menu.current.contains(event.target as Node)) menu.current.open = false;
    };
    addEventListener("pointerdown", press);
    return () => removeEventListener("pointerdown", press);
  }, []);
  const escape = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !menu.current?.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.querySelector("summary")?.focus();
  };
  return (
    <details class="menu" ref={menu} onKeyDown={escape}>
      <summary class={look}>{title}</summary>
      <fieldset>
        <legend class="unseen">{legend}</legend>
        {children}
      </fieldset>
    </details>
  );
}
