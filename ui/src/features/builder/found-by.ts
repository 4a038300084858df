/** What a search among parameters and facts finds, the nearest first. */
import type { AttributeChoice } from "@/ipc/schema";

/** Those of that name first, then those whose words say it. */
export function foundBy(wanted: string, attributes: readonly AttributeChoice[]): readonly AttributeChoice[] {
  if (wanted === "") return attributes;
  const named: AttributeChoice[] = [];
  const described: AttributeChoice[] = [];
  for (const attribute of attributes) {
    const { label, description, id } = attribute;
    if (label.toLowerCase().includes(wanted) || id.toLowerCase().includes(wanted)) named.push(attribute);
    else if ((description ?? "").toLowerCase().includes(wanted)) described.push(attribute);
  }
  return [...named, ...described];
}
