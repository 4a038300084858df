/** What is wrong and cannot wait. An alarm stays until its cause is gone. */
import { Link } from "@tanstack/react-router";
import { Icon } from "@/components/icon";
import { Prose } from "@/components/prose";
import type { Alarm } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import { LetCallsGo } from "./hold-everything";
import { SignSet } from "./sign-set";
import classes from "./alarms.module.css";

export function Alarms({ alarms }: { alarms: readonly Alarm[] }) {
  if (alarms.length === 0) return null;
  return (
    <div className={classes.alarms} role="alert" data-testid="alarms">
      {alarms.map((alarm) => (
        <div key={alarm.code} className={classes.alarm} data-testid={`alarm-${alarm.code}`}>
          <Icon name="warning" />
          <p>
            <strong><Prose text={sentence(alarm.message)} /></strong> <Prose text={sentence(alarm.hint)} />
            {alarm.code === "set_unsigned" && <> <SignSet /></>}
            {alarm.code.startsWith("set_") && alarm.code !== "set_unsigned" && <> <Link to="/policies" className={classes.link}>Open Policies</Link></>}
            {alarm.code === "around_the_door" && <> <Link to="/agents" className={classes.link}>Open Agents</Link></>}
            {alarm.code === "passkeys_reset" && <> <Link to="/security" className={classes.link}>Open Security</Link></>}
            {alarm.code === "paused" && <> <LetCallsGo /></>}
          </p>
        </div>
      ))}
    </div>
  );
}
