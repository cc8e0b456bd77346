/** The whole contract: every call by name. Each room's calls are written in the file of that room. */
export const contract = {} as const;

export type Contract = typeof contract;
