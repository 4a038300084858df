export type TreeEach = { all: boolean, negated: boolean, part: string, };
