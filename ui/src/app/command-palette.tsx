/** Every screen and every action by its name, opened with Ctrl-K or Cmd-K. What it runs is what the key would run. */
import { Combobox, Modal, TextInput, useCombobox } from "@mantine/core";
import { useEffect, useState } from "react";
import { Key } from "@/components/key";
import { offeredCommands, type Command } from "@/lib/commands";
import classes from "./command-palette.module.css";

export function CommandPalette({ opened, onOpen, onClose }: { opened: boolean; onOpen: () => void; onClose: () => void }) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.repeat) return;
      event.preventDefault();
      if (opened) onClose();
      else onOpen();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => { window.removeEventListener("keydown", onKeyDown); };
  }, [opened, onOpen, onClose]);
  return (
    <Modal.Root opened={opened} onClose={onClose} size={520} padding={0} yOffset="12vh" centered={false}>
      <Modal.Overlay />
      <Modal.Content aria-label="Commands" data-testid="palette">
        <Modal.Body className={classes.body}>{opened && <Commands onClose={onClose} />}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}

function Commands({ onClose }: { onClose: () => void }) {
  // As on offer when it opened: nothing moves under the fingers.
  const [all] = useState(offeredCommands);
  const [text, setText] = useState("");
  const combobox = useCombobox({ opened: true, onDropdownClose: onClose });
  const found = all.filter((command) => fits(command, text));
  useEffect(() => { combobox.selectFirstOption(); }, [combobox, text]);
  const run = (name: string): void => {
    onClose();
    // The dialog gives the focus back first: some commands move it.
    const command = all.find((one) => one.name === name);
    if (command !== undefined) setTimeout(command.run, 0);
  };
  return (
    <Combobox store={combobox} onOptionSubmit={run}>
      <Combobox.EventsTarget withExpandedAttribute>
        <TextInput
          data-autofocus role="combobox" className={classes.search} classNames={{ input: classes.input }} aria-label="Search for a screen or an action"
          placeholder="Go to a screen, or do something" autoComplete="off" value={text} data-testid="palette-search"
          onChange={(event) => { setText(event.currentTarget.value); }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options className={classes.list} aria-label="Commands" tabIndex={0}>
        {found.map(({ name, key }) => (
          <Combobox.Option key={name} value={name} className={classes.command} data-testid="palette-command">
            <span>{name}</span>
            {key !== undefined && <Key>{key.length === 1 ? key.toUpperCase() : key}</Key>}
          </Combobox.Option>
        ))}
        {found.length === 0 && <Combobox.Empty className={classes.none}>Nothing is called like that.</Combobox.Empty>}
      </Combobox.Options>
    </Combobox>
  );
}

/** Every word that was typed begins a word of the name, or is its key. */
function fits({ name, key }: Command, text: string): boolean {
  const words = name.toLowerCase().split(/\s+/);
  const typed = text.toLowerCase().split(/\s+/).filter((word) => word !== "");
  return typed.every((part) => words.some((word) => word.startsWith(part))) || (key !== undefined && typed.join("") === key);
}
