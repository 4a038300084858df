/** "Approved in the window, 12 s ago": shown for a minute, with nothing to press. */
import { Ago } from "@/components/ago";
import { Icon } from "@/components/icon";
import { Marked } from "@/components/marked";
import type { Receipt } from "./receipts";
import classes from "./receipt-line.module.css";

export function ReceiptLine({ receipt, withTool = true }: { receipt: Receipt; withTool?: boolean }) {
  return (
    <span className={classes.line} data-good={receipt.good} data-testid="receipt">
      <Icon name={receipt.good ? "check" : "bar"} />
      <span className={classes.words}>
        {withTool && <><span className={classes.what}><Marked text={receipt.what} /></span>{" "}</>}
        <Marked text={withTool ? lowerFirst(receipt.words) : receipt.words} />, <Ago at={receipt.at} precision="second" />
        {!withTool && receipt.note !== "" && <>. {receipt.note}</>}
      </span>
    </span>
  );
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
