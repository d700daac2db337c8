import { Command } from 'commander';
import { findCifar10 } from '../datasets/cifar10.js';
import { PathexError } from '../errors.js';
import { findCuda } from '../runtime/cuda.js';
import { openDevice } from '../runtime/open.js';
import { VERSION } from '../version.js';
import { log } from './common.js';

/** One line about something that works or does not, with the reason. */
const line = async (what: string, check: () => Promise<string>): Promise<boolean> => {
  try {
    log(`ok    ${what}: ${await check()}`);
    return true;
  } catch (error) {
    log(`no    ${what}: ${error instanceof PathexError ? error.message : String(error)}`);
    return false;
  }
};

/** Nothing where the addon does not load: the devices have said so already. */
const loaded = <T>(find: () => readonly T[]): readonly T[] => {
  try {
    return find();
  } catch {
    return [];
  }
};

export const doctorCommand = new Command('doctor')
  .description(
    'what this machine offers: devices, library versions, data; and the reason for what is missing',
  )
  .action(async () => {
    log(`pathex ${VERSION}, Node ${process.version}, ${process.platform} ${process.arch}`);
    await line('device reference', async () => (await openDevice('reference')).description);
    const cpu = await line('device cpu', async () => {
      const device = await openDevice('cpu');
      await device.dispose();
      return device.description;
    });
    await line('device cuda', async () => {
      const device = await openDevice('cuda');
      await device.dispose();
      return device.description;
    });
    for (const { name, version, path, refusal } of loaded(findCuda)) {
      const where = path === '' ? '' : `${version} in ${path}`;
      log(
        refusal === ''
          ? `ok      ${name}: ${where}`
          : `no      ${name}: ${[where, refusal].filter((s) => s !== '').join('; ')}`,
      );
    }
    await line('CIFAR-10', async () => {
      const result = await findCifar10({ allowDownload: false });
      if ('missing' in result) throw new PathexError('DATA', result.missing);
      return `${result.found.name} in ${result.found.source}, ${result.found.train.count} + ${result.found.test.count} images`;
    });
    if (!cpu) process.exitCode = 1;
  });
