export type PatternRequest = { pattern: string, ignore_case: boolean, samples: Array<string>, };
