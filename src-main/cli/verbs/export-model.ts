// `gondola export-model`: an encoder for other programs.

import type { InputOf } from '../../contract/call.ts';
import { type modelCalls, modelFormats } from '../../contract/models.ts';
import { Option, type Verb } from '../verb.ts';

export const exportModelVerb: Verb = {
  name: 'export-model',
  define: (command) =>
    command
      .description('write an encoder as safetensors or ONNX for other programs')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .argument('<model>', 'as `gondola models` lists it')
      .addOption(new Option('--format <format>', 'safetensors or onnx').choices(modelFormats).makeOptionMandatory())
      .addOption(new Option('--out <file>', 'a file with that ending, or a folder').makeOptionMandatory())
      .addOption(new Option('--replace', 'write over a file that is there'))
      .addHelpText(
        'after',
        `
safetensors  float32 under the official names of facebookresearch/dino and dinov2, which load it strictly
onnx         opset 20; input "pixels": uint8 [n, side, side, 3], RGB, 0 … 255, any n; output "feature": float32 [n, dimensions].
             The mean and deviation are part of the graph: resize to side × side, and that is all
A .json beside either one (NAME.json, NAME.onnx.json) says the architecture, how pictures are resized, and the mean and deviation;
the same is in the file's metadata. Both can be imported again.`,
      ),
  run([folder, model], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const { json: _, ...given } = options;
      const input = { model, ...given } as InputOf<(typeof modelCalls)['models.export']>;
      const result = await call('models.export', input, context);
      output.say(`${result.file} (${(result.bytes / 1e6).toFixed(1)} MB) and ${result.beside} are written.`);
      return result;
    });
  },
};
