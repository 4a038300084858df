/** Mantine dressed in our tokens: nothing keeps its default look. */
import {
  Autocomplete, Button, Checkbox, createTheme, Drawer, Menu, Modal, NativeSelect, NumberInput, PasswordInput, Radio, SegmentedControl,
  Select, Switch, TagsInput, Textarea, TextInput, Tooltip,
  type CSSVariablesResolver, type MantineColorsTuple,
} from "@mantine/core";
import button from "./theme/button.module.css";
import field from "./theme/field.module.css";
import overlay from "./theme/overlay.module.css";
import segmented from "./theme/segmented.module.css";

const door: MantineColorsTuple = [
  "#e1efed", "#c3dedb", "#9bc9c4", "#73b4ad", "#4fb8ac", "#2e8f85", "#1a7a71", "#0f6b63", "#0b5750", "#06211e",
];

const listClasses = { dropdown: overlay.menu, option: overlay.item, groupLabel: overlay.menuLabel };
const fieldClasses = { label: field.label, description: field.description, error: field.error, input: field.input };

export const theme = createTheme({
  fontFamily: "var(--words)",
  fontFamilyMonospace: "var(--mono)",
  fontSizes: { xs: "11px", sm: "12.5px", md: "14px", lg: "16px", xl: "19px" },
  primaryColor: "door",
  primaryShade: { light: 7, dark: 4 },
  colors: { door },
  defaultRadius: 8,
  cursorType: "default",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { variant: "default", size: "sm" },
      classNames: { root: button.root, label: button.label, section: button.section },
    }),
    TextInput: TextInput.extend({ classNames: fieldClasses }),
    Textarea: Textarea.extend({ classNames: fieldClasses }),
    PasswordInput: PasswordInput.extend({ classNames: fieldClasses }),
    NativeSelect: NativeSelect.extend({ classNames: fieldClasses }),
    NumberInput: NumberInput.extend({ classNames: fieldClasses }),
    Select: Select.extend({ classNames: { ...fieldClasses, ...listClasses } }),
    TagsInput: TagsInput.extend({ classNames: { ...fieldClasses, ...listClasses, pill: field.pill } }),
    Autocomplete: Autocomplete.extend({ classNames: { ...fieldClasses, ...listClasses } }),
    Checkbox: Checkbox.extend({ classNames: { description: field.beside } }),
    Radio: Radio.extend({ classNames: { description: field.beside } }),
    Switch: Switch.extend({ classNames: { description: field.beside } }),
    SegmentedControl: SegmentedControl.extend({
      defaultProps: { transitionDuration: 0, withItemsBorders: false },
      classNames: {
        root: segmented.root, control: segmented.control, label: segmented.label, indicator: segmented.indicator,
      },
    }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true, withCloseButton: false, padding: 24, radius: 12, size: 480,
        transitionProps: { duration: 0 }, overlayProps: { color: "#000", backgroundOpacity: 0.28 },
      },
      classNames: { content: overlay.dialog, header: overlay.header, title: overlay.title, body: overlay.body },
    }),
    ModalRoot: Modal.Root.extend({
      defaultProps: { radius: 12, transitionProps: { duration: 0 } },
      classNames: { content: overlay.dialog },
    }),
    ModalOverlay: Modal.Overlay.extend({ defaultProps: { color: "#000", backgroundOpacity: 0.28 } }),
    DrawerRoot: Drawer.Root.extend({
      defaultProps: { padding: 0, size: 340 },
      classNames: { content: overlay.drawer, body: overlay.drawerBody },
    }),
    DrawerOverlay: Drawer.Overlay.extend({ defaultProps: { color: "#000", backgroundOpacity: 0.28 } }),
    Menu: Menu.extend({
      defaultProps: { withInitialFocusPlaceholder: false, shadow: "none", radius: 8, transitionProps: { duration: 0 } },
      classNames: { dropdown: overlay.menu, item: overlay.item, label: overlay.menuLabel },
    }),
    Tooltip: Tooltip.extend({ defaultProps: { transitionProps: { duration: 0 }, openDelay: 400 } }),
  },
});

const shared = {
  "--mantine-color-body": "var(--bg)",
  "--mantine-color-text": "var(--ink)",
  "--mantine-color-dimmed": "var(--ink2)",
  "--mantine-color-placeholder": "var(--ink3)",
  "--mantine-color-error": "var(--deny)",
  "--mantine-color-anchor": "var(--accent)",
  "--mantine-color-default": "var(--panel)",
  "--mantine-color-default-hover": "var(--raised)",
  "--mantine-color-default-color": "var(--ink)",
  "--mantine-color-default-border": "var(--line2)",
};

export const cssVariables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
