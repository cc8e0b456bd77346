/** What `scan.ts` uses of WebAssembly: its types come with TypeScript's DOM library only, which a project without pages does not load. */
declare namespace WebAssembly {
  class Memory {
    constructor(size: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { [module: string]: { [name: string]: Memory } });
    readonly exports: { readonly [name: string]: unknown };
  }
}
