# SPDX-License-Identifier: Apache-2.0
"""What plugins of WhatsApp providers share, whoever stands between: vendor JSON read safely, the platform's codes."""
