export type AcceptProgramRequest = { agent: string, 
/**
 * A path that was shown as another program of the agent.
 */
program: string, };
