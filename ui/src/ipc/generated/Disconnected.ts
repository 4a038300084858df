export type Disconnected = { said: Array<string>, };
