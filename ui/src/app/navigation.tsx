/** Where one can go, and how the gateway is doing. Only what exists is listed. */
import { Menu, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { Link, useLocation } from "@tanstack/react-router";
import { Fragment } from "react";
import { Icon } from "@/components/icon";
import { Key } from "@/components/key";
import type { Overview } from "@/ipc/schema";
import { plural } from "@/lib/words";
import { GatewayStatus } from "./gateway-status";
import { HoldEverything } from "./hold-everything";
import classes from "./navigation.module.css";
import { SCREENS, screenAround, type Screen } from "./screens";

export const SCHEMES: readonly { value: MantineColorScheme; label: string }[] = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

export function Navigation({ waiting, overview, problem, onHelp, onPalette }: {
  waiting: number;
  overview: Overview | undefined;
  problem: Error | null;
  onHelp: () => void;
  onPalette: () => void;
}) {
  return (
    <nav className={classes.nav} aria-label="Screens">
      <div className={classes.brand}><span className={classes.door} aria-hidden="true" />Doorward</div>
      {SCREENS.map(({ to, name, group }, index) => (
        <Fragment key={to}>
          {group !== null && SCREENS[index - 1]?.group !== group && <div className={classes.group}>{group}</div>}
          <Item to={to} label={name}>
            {to === "/inbox" && waiting > 0 && (
              <span className={classes.badge} aria-label={`${plural(waiting, "hold")} waiting`} role="img">{waiting}</span>
            )}
          </Item>
        </Fragment>
      ))}
      <div className={classes.foot}>
        <GatewayStatus overview={overview} problem={problem} />
        {overview?.gateway.state === "on" && <HoldEverything paused={overview.paused} />}
        <div className={classes.tools}>
          <UnstyledButton className={classes.find} onClick={onPalette} data-testid="open-palette">
            Find anything <Key>Ctrl K</Key>
          </UnstyledButton>
          <Appearance />
          <UnstyledButton className={classes.tool} onClick={onHelp} data-testid="help">
            Keys <Key>?</Key>
          </UnstyledButton>
        </div>
      </div>
    </nav>
  );
}

function Item({ to, label, children }: { to: Screen; label: string; children?: React.ReactNode }) {
  const isAround = useLocation({ select: ({ pathname }) => screenAround(pathname) === to });
  return (
    <Link
      to={to} search={{}} className={classes.item} {...(isAround ? { "data-active": true, "aria-current": true } : {})} activeProps={{ "data-active": true, "aria-current": "page" }}
      activeOptions={{ includeSearch: false }} data-testid={`nav-${to.slice(1)}`}
    >
      {label}{children}
    </Link>
  );
}

function Appearance() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="top-start" width={180} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.tool} data-testid="appearance"><Icon name="half" /> Theme</UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(chosen) => {
            const scheme = SCHEMES.find(({ value }) => value === chosen);
            if (scheme !== undefined) setColorScheme(scheme.value);
          }}
        >
          {SCHEMES.map(({ value, label }) => <Menu.RadioItem key={value} value={value} closeMenuOnClick>{label}</Menu.RadioItem>)}
        </Menu.RadioGroup>
      </Menu.Dropdown>
    </Menu>
  );
}
