export type ConnectHelp = { title: string, text: string, };
