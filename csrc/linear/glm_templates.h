/* linear/glm_templates.h - what glm.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/vec_template.h"
#include "loss/loss_template.h"
#include "loss/block_template.h"
#include "loss/softmax_template.h"
#include "linear/row_template.h"
#include "linear/margin_template.h"
#include "linear/gram_tile_template.h"
#include "linear/gram_template.h"
#include "linear/glm_template.h"
#include "linear/predict_template.h"
#include "linear/sparse_template.h"
