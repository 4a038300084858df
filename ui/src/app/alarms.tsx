/** What is wrong and cannot wait. An alarm stays until its cause is gone. */
import { Icon } from "@/components/icon";
import type { Alarm } from "@/ipc/schema";
import { sentence } from "@/lib/words";
import classes from "./alarms.module.css";

export function Alarms({ alarms }: { alarms: readonly Alarm[] }) {
  if (alarms.length === 0) return null;
  return (
    <div className={classes.alarms} role="alert" data-testid="alarms">
      {alarms.map((alarm) => (
        <div key={alarm.code} className={classes.alarm} data-testid={`alarm-${alarm.code}`}>
          <Icon name="warning" />
          <p><strong>{sentence(alarm.message)}</strong> {sentence(alarm.hint)}</p>
        </div>
      ))}
    </div>
  );
}
