/**
 * The part of better-sqlite3 that Gondola uses (the package brings no types of its own). Everything here exists alike in
 * versions 11.5 and 13.
 */
declare module 'better-sqlite3' {
  export interface RunResult {
    changes: number;
    lastInsertRowid: number | bigint;
  }

  export interface Statement {
    run(...parameters: unknown[]): RunResult;
    get(...parameters: unknown[]): unknown;
    all(...parameters: unknown[]): unknown[];
    iterate(...parameters: unknown[]): IterableIterator<unknown>;
    /** Rows as arrays of values instead of objects. */
    raw(toggle?: boolean): this;
    /** The first column alone. */
    pluck(toggle?: boolean): this;
  }

  export interface Transaction<Result> {
    (): Result;
    deferred(): Result;
    immediate(): Result;
  }

  export interface Options {
    readonly?: boolean;
    fileMustExist?: boolean;
    /** Milliseconds to wait for another process's lock. */
    timeout?: number;
  }

  export default class Database {
    readonly name: string;
    readonly open: boolean;
    readonly inTransaction: boolean;
    constructor(file: string, options?: Options);
    prepare(sql: string): Statement;
    transaction<Result>(work: () => Result): Transaction<Result>;
    pragma(source: string, options?: { simple?: boolean }): unknown;
    exec(sql: string): this;
    close(): this;
  }
}
