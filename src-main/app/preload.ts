// Runs in the sandbox beside the page: one function that asks for the ports, and the paths of what is dropped, which only a preload can see.
import { contextBridge, ipcRenderer, webUtils } from 'electron';

const own = location.origin;

for (const channel of ['gondola:core', 'gondola:shell']) {
  ipcRenderer.on(channel, ({ ports }) => window.postMessage(channel, own, ports));
}
ipcRenderer.on('gondola:core-died', () => window.postMessage('gondola:core-died', own));

window.addEventListener('drop', ({ dataTransfer }) => {
  const paths = [...(dataTransfer?.files ?? [])].map((file) => webUtils.getPathForFile(file)).filter(Boolean);
  if (paths.length > 0) ipcRenderer.send('gondola:dropped', paths);
});

contextBridge.exposeInMainWorld('connectGondola', () => ipcRenderer.send('gondola:connect'));
