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
  // As on offer when it opened: nothing moves under the fingers. What runs is what is on offer then.
  const [all] = useState(offeredCommands);
  const [changed, setChanged] = useState(false);
  const [text, setText] = useState("");
  const combobox = useCombobox({ opened: true, onDropdownClose: onClose });
  const found = all.filter((command) => fits(command, text));
  useEffect(() => { combobox.selectFirstOption(); }, [combobox, text]);
  const run = (name: string): void => {
    const [seen, command] = [all, offeredCommands()].map((commands) => commands.find((one) => one.name === name));
    if (command === undefined || command.about !== seen?.about) {
      // Nobody has seen the other one behind this: it takes closing and looking.
      setChanged(true);
      return;
    }
    onClose();
    // The dialog gives the focus back first: some commands move it.
    setTimeout(command.run, 0);
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
      {changed && (
        <p className={classes.changed} role="alert" data-testid="palette-changed">
          What that was about has changed, so nothing was done. Close this and look at it first.
        </p>
      )}
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
