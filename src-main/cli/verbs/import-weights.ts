// `gondola import-weights`: an encoder from a local weight file.
import type { InputOf } from '../../contract/call.ts';
import type { modelCalls } from '../../contract/models.ts';
import { Option, type Verb, wholeNumber } from '../verb.ts';

export const importWeightsVerb: Verb = {
  name: 'import-weights',
  define: (command) =>
    command
      .description('take an encoder from a local file of weights; nothing in the file is run')
      .argument('<workspace>', 'a folder made by `gondola init`')
      .argument('<file>', '.safetensors, .pth, .pt, .bin or .onnx')
      .addOption(new Option('--name <name>', 'of the model; that of the file without it'))
      .addOption(
        new Option(
          '--heads <n>',
          'attention heads, where neither file nor config.json tells; as usual for the width',
        ).argParser(wholeNumber(1)),
      )
      .addOption(
        new Option('--input <pixels>', 'side of the pictures it takes; smaller is faster').argParser(wholeNumber(1)),
      )
      .addOption(
        new Option('--pixels <kind>', 'normalised with the mean and deviation of imagenet, or half: −1 … 1').choices([
          'imagenet',
          'half',
        ]),
      )
      .addOption(new Option('--no-activate', 'leave the active model as it is'))
      .addHelpText(
        'after',
        `
Encoders of DINO and DINOv2 (small, base, large; with registers too), timm's plain vision transformers, Hugging Face's ViTModel,
Dinov2Model and Dinov2WithRegistersModel, alone or within a checkpoint or a classifier: the teacher's encoder is taken, heads are left.
The architecture is read off the shapes; a config.json of Hugging Face or timm beside the file tells the rest (heads, pixels, the norms' ε,
how positions are resized), so keep it there. The first parameter that does not fit is named, and nothing is imported.
timm's AugReg networks (vit_…_augreg) want --pixels half. A PyTorch file that asks for anything to be called is refused.`,
      ),
  run([folder, file], options, { output, call, withWorkspace }) {
    return withWorkspace(folder as string, async (context) => {
      const { json: _, ...given } = options;
      const input = { file, ...given } as InputOf<(typeof modelCalls)['models.import']>;
      const result = await call('models.import', input, context);
      const { model, architecture, inputSize, notes, active, seconds } = result;
      for (const note of notes) output.say(note);
      output.say(`${model}: ${architecture}; takes pictures of ${inputSize} px. Imported in ${seconds.toFixed(1)} s.`);
      output.say(
        active
          ? `It is the active model now. Next: \`gondola index ${folder}\`, or \`gondola pretrain ${folder} --from ${model}\` to train on.`
          : `The active model stays; \`gondola models ${folder} --activate ${model}\` chooses this one.`,
      );
      return result;
    });
  },
};
