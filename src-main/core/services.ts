import type { Handlers } from '../contract/call.ts';
import type { Contract } from '../contract/contract.ts';
import type { CoreContext } from './context.ts';

/** Every call of the contract with the service that answers it. */
export const services: Handlers<Contract, CoreContext> = {};
