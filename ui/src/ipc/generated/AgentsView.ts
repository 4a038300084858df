import type { AgentRow } from "./AgentRow";
import type { Person } from "./Person";

export type AgentsView = { agents: Array<AgentRow>, users: Array<Person>, };
