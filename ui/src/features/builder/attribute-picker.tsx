/** Chooses what to look at: the tools' own parameters first, with their words and what was seen lately. */
import { Combobox, UnstyledButton, useCombobox } from "@mantine/core";
import { useState } from "react";
import { Marked } from "@/components/marked";
import type { AttributeChoice } from "@/ipc/schema";
import classes from "./attribute-picker.module.css";
import { foundBy } from "./found-by";

/** A schema may have hundreds of parameters; what is typed narrows them. */
const MOST = 80;

export function AttributePicker({ attributes, chosen, label, testId, onPick }: {
  attributes: readonly AttributeChoice[];
  chosen?: AttributeChoice | undefined;
  label: string;
  testId?: string | undefined;
  onPick: (attribute: AttributeChoice) => void;
}) {
  const [search, setSearch] = useState("");
  const combobox = useCombobox({
    onDropdownOpen: () => { combobox.focusSearchInput(); combobox.selectFirstOption(); },
    onDropdownClose: () => { combobox.resetSelectedOption(); combobox.focusTarget(); setSearch(""); },
  });
  const isRow = chosen !== undefined || !label.startsWith("+");
  return (
    <Combobox
      store={combobox} width={380} position="bottom-start" withinPortal
      onOptionSubmit={(id) => {
        const attribute = attributes.find((one) => one.id === id);
        combobox.closeDropdown();
        if (attribute !== undefined) onPick(attribute);
      }}
    >
      <Combobox.Target targetType="button">
        <UnstyledButton className={isRow ? classes.attribute : classes.plus} onClick={() => { combobox.toggleDropdown(); }} data-testid={testId ?? "attribute"}>
          <span className={classes.name}><Marked text={label} /></span>
          {chosen !== undefined && <span className={classes.kind}>{chosen.kind}</span>}
        </UnstyledButton>
      </Combobox.Target>
      <Combobox.Dropdown className={classes.dropdown}>
        {combobox.dropdownOpened && (
          <Options
            attributes={attributes} search={search}
            onSearch={(text) => { setSearch(text); requestAnimationFrame(() => { combobox.selectFirstOption(); }); }}
          />
        )}
      </Combobox.Dropdown>
    </Combobox>
  );
}

function Options({ attributes, search, onSearch }: {
  attributes: readonly AttributeChoice[];
  search: string;
  onSearch: (text: string) => void;
}) {
  const found = foundBy(search.trim().toLowerCase(), attributes);
  const shown = found.slice(0, MOST);
  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <>
      <Combobox.Search value={search} onChange={(event) => { onSearch(event.currentTarget.value); }} placeholder="Search parameters and facts" aria-label="Search parameters and facts" />
      <Combobox.Options className={classes.options} aria-label="Parameters and facts">
        {groups.map((group) => (
          <Combobox.Group key={group} label={group}>
            {shown.filter((one) => one.group === group).map((attribute) => (
              <Combobox.Option key={attribute.id} value={attribute.id} className={classes.option}>
                <span className={classes.first}>
                  <span className={classes.name}><Marked text={attribute.label} /></span>
                  <span className={classes.kind}>{attribute.kind}</span>
                </span>
                {(attribute.description !== null || attribute.notes.length > 0) && (
                  <span className={classes.words}><Marked text={[attribute.description ?? "", ...attribute.notes].filter((text) => text !== "").join("; ")} /></span>
                )}
              </Combobox.Option>
            ))}
          </Combobox.Group>
        ))}
        {found.length === 0 && <Combobox.Empty>Nothing of that name. Add a CEL row to write it by hand.</Combobox.Empty>}
        {found.length > shown.length && <div className={classes.more}>{found.length - shown.length} more; type to narrow them</div>}
      </Combobox.Options>
    </>
  );
}
