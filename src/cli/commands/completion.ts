import type { Command } from '../command.ts';
import { UsageError } from '../usage-error.ts';

export const completion: Command = {
  words: ['completion'],
  arguments: [{ name: 'SHELL', required: true, many: false, choices: ['bash', 'zsh', 'fish'] }],
  options: [],
  summary: 'print the completion script of a shell',
  about: [
    'bash: source <(kubekiln completion bash)',
    'zsh:  kubekiln completion zsh > "${fpath[1]}/_kubekiln"',
    'fish: kubekiln completion fish > ~/.config/fish/completions/kubekiln.fish',
  ],
  examples: ['source <(kubekiln completion bash)'],
  next: 'kubekiln <Tab>',
  run: async invocation => {
    const { completionScript } = await import('../completion-script.ts');
    const shell = invocation.positionals[0];
    if (shell !== 'bash' && shell !== 'zsh' && shell !== 'fish') throw new UsageError('completion takes bash, zsh or fish');
    return { text: completionScript(shell) };
  },
};
