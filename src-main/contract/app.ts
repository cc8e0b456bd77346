import { contract } from './contract.ts';
import { jobCalls } from './jobs.ts';
import { sessionCalls } from './session.ts';

/** All that a page may ask of the core: the services on the open workspace, their jobs, and the workspace itself. */
export const appContract = { ...contract, ...sessionCalls, ...jobCalls } as const;

export type AppContract = typeof appContract;
