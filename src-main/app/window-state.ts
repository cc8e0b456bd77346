/** Where the window was: kept in a small file, used again where a screen still shows it. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type BrowserWindow, type Rectangle, screen } from 'electron';

interface WindowState {
  readonly bounds: Rectangle;
  readonly maximised: boolean;
}

const usual = { width: 1280, height: 800 };

/** The bounds for a new window. A file that is not ours or not whole counts as none. */
export function rememberedWindow(file: string): { bounds: Partial<Rectangle>; maximised: boolean } {
  const state = read(file);
  if (!state) return { bounds: usual, maximised: false };
  const { bounds, maximised } = state;
  const visible = screen.getAllDisplays().some(({ workArea }) => overlaps(workArea, bounds));
  return visible ? { bounds, maximised } : { bounds: usual, maximised };
}

export function rememberWindow(window: BrowserWindow, file: string): void {
  const state: WindowState = { bounds: window.getNormalBounds(), maximised: window.isMaximized() };
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(state));
}

function read(file: string): WindowState | null {
  if (!existsSync(file)) return null;
  try {
    const { bounds, maximised } = JSON.parse(readFileSync(file, 'utf8')) as Partial<WindowState>;
    const sides = [bounds?.x, bounds?.y, bounds?.width, bounds?.height];
    return sides.every((side) => Number.isInteger(side)) ? { bounds: bounds!, maximised: maximised === true } : null;
  } catch {
    return null;
  }
}

/** Enough of the window to grasp it. */
function overlaps(area: Rectangle, { x, y, width, height }: Rectangle): boolean {
  const across = Math.min(area.x + area.width, x + width) - Math.max(area.x, x);
  const down = Math.min(area.y + area.height, y + height) - Math.max(area.y, y);
  return across >= 100 && down >= 100;
}
