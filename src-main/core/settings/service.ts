import type { Handlers } from '../../contract/call.ts';
import type { settingsCalls } from '../../contract/settings.ts';
import type { CoreContext } from '../context.ts';
import { version } from '../training/version.ts';
import { chooseDevices, deviceChoices, listDevices, measure, systemInWords } from './devices.ts';
import { clearCache, memory } from './memory.ts';

export const settingsHandlers: Handlers<typeof settingsCalls, CoreContext> = {
  'settings.devices': (_, { workspace }) => listDevices(workspace),
  'settings.measureDevice': ({ device }, context) => measure(device, context),
  'settings.memory': (_, { workspace }) => memory(workspace),
  'settings.clearCache': async ({ name }, { workspace }) => ({ freed: await clearCache(workspace, name) }),
  'settings.deviceChoices': async (_, { workspace }) => deviceChoices(workspace.database),
  'settings.chooseDevices': async (wanted, { workspace }) => chooseDevices(workspace.database, wanted),
  'settings.about': async () => ({ version, node: process.versions.node, system: systemInWords() }),
};
