export type Takes = "nothing" | "one" | "two" | "many";
